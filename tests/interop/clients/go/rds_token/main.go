// Command rds_token prints the RDS token that the AWS SDK for Go signs for PGUSER at IRSA_SIGN_HOST:IRSA_SIGN_PORT, with
// its default chain.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

func main() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	token, err := token(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(token)
}

func token(ctx context.Context) (string, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	endpoint := net.JoinHostPort(os.Getenv("IRSA_SIGN_HOST"), os.Getenv("IRSA_SIGN_PORT"))
	return auth.BuildAuthToken(ctx, endpoint, settings.Region, os.Getenv("PGUSER"), settings.Credentials)
}
