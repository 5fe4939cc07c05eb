// The OTLP receiver of the OpenTelemetry Collector. It prints "{}" when it listens, and then each accepted export as a
// line of JSON, until its standard input ends. With files, it requires TLS and client certificates of a CA.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	http := map[string]any{}
	switch len(os.Args) {
	case 5:
		http["tls"] = map[string]any{"cert_file": os.Args[2], "key_file": os.Args[3], "client_ca_file": os.Args[4]}
		fallthrough
	case 2:
		http["endpoint"] = os.Args[1]
	default:
		fmt.Fprintln(os.Stderr, "usage: collector HOST:PORT [CERTIFICATE KEY CLIENT_CA]")
		os.Exit(2)
	}
	if err := run(context.Background(), http); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, http map[string]any) error {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	given := map[string]any{"protocols": map[string]any{"http": http}}
	if err := confmap.NewFromStringMap(given).Unmarshal(config); err != nil {
		return err
	}
	sink, err := consumer.NewTraces(printTraces())
	if err != nil {
		return err
	}
	settings := receivertest.NewNopSettings(factory.Type())
	receiver, err := factory.CreateTraces(ctx, settings, config, sink)
	if err != nil {
		return err
	}
	if err := receiver.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	fmt.Println("{}")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return receiver.Shutdown(ctx)
}

func printTraces() consumer.ConsumeTracesFunc {
	var output sync.Mutex
	marshaler := &ptrace.JSONMarshaler{}
	return func(_ context.Context, traces ptrace.Traces) error {
		text, err := marshaler.MarshalTraces(traces)
		if err != nil {
			return err
		}
		output.Lock()
		defer output.Unlock()
		_, err = fmt.Println(string(text))
		return err
	}
}
