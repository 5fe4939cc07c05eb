// Command checks drives pgx through whatever PGHOST and its friends name; one JSON line a check.
// With the argument `replication` it streams the write-ahead log instead.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const big = 16 * 1024 * 1024

type check struct {
	name string
	run  func(context.Context, *pgx.Conn) (any, error)
}

type line struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Saw   any    `json:"saw,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	conn, err := pgx.Connect(ctx, "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "replication" {
		checks = replicationChecks
	}
	failed := false
	lines := json.NewEncoder(os.Stdout)
	for _, check := range checks {
		saw, err := check.run(ctx, conn)
		result := line{Check: check.name, OK: err == nil, Saw: saw}
		if err != nil {
			failed, result.Saw, result.Error = true, nil, err.Error()
		}
		if err := lines.Encode(result); err != nil {
			os.Exit(1)
		}
	}
	if err := conn.Close(ctx); err != nil || failed {
		os.Exit(1)
	}
}

var checks = []check{
	{"session", session},
	{"startup-parameters", startupParameters},
	{"simple-query", simpleQuery},
	{"extended-query", extendedQuery},
	{"prepared-statement", preparedStatement},
	{"batch", batch},
	{"pipeline", pipeline},
	{"transaction-error", transactionError},
	{"copy-both-ways", copyBothWays},
	{"copy-failure", copyFailure},
	{"big-row", bigRow},
	{"big-parameter", bigParameter},
	{"listen-notify", listenNotify},
	{"cancel", cancel},
	{"process-id", processID},
	{"parallel-sessions", parallelSessions},
}

func session(ctx context.Context, conn *pgx.Conn) (any, error) {
	var user, database string
	err := conn.QueryRow(ctx, "select current_user, current_database()").Scan(&user, &database)
	version := conn.PgConn().ParameterStatus("server_version")
	return []string{user, database, version, conn.PgConn().ParameterStatus("client_encoding")}, err
}

func startupParameters(ctx context.Context, _ *pgx.Conn) (any, error) {
	config, err := pgx.ParseConfig("application_name=interop statement_timeout=12345 options='-c work_mem=5MB'")
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var shown [3]string
	for index, name := range []string{"application_name", "statement_timeout", "work_mem"} {
		if err := conn.QueryRow(ctx, "show "+name).Scan(&shown[index]); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

func simpleQuery(ctx context.Context, conn *pgx.Conn) (any, error) {
	results, err := conn.PgConn().Exec(ctx, "select 1; select 'two'; select 3 where false").ReadAll()
	var tags []string
	for _, result := range results {
		tags = append(tags, result.CommandTag.String())
	}
	return tags, err
}

func extendedQuery(ctx context.Context, conn *pgx.Conn) (any, error) {
	var number int64
	var text string
	var blob []byte
	var list []int32
	err := conn.QueryRow(ctx, "select $1::int8 + 1, $2::text || '!', $3::bytea, $4::int[]",
		41, "naïve ☃", []byte{0, 255}, []int32{1, 2, 3}).Scan(&number, &text, &blob, &list)
	return []any{number, text, hex.EncodeToString(blob), list}, err
}

func preparedStatement(ctx context.Context, conn *pgx.Conn) (any, error) {
	if _, err := conn.Prepare(ctx, "double", "select $1::int * 2"); err != nil {
		return nil, err
	}
	total := 0
	for number := range 200 {
		var doubled int
		if err := conn.QueryRow(ctx, "double", number).Scan(&doubled); err != nil {
			return nil, err
		}
		total += doubled
	}
	if err := conn.Deallocate(ctx, "double"); err != nil {
		return nil, err
	}
	var left int
	err := conn.QueryRow(ctx, "select count(*) from pg_prepared_statements where name = 'double'").Scan(&left)
	return []int{total, left}, err
}

func batch(ctx context.Context, conn *pgx.Conn) (any, error) {
	queue := &pgx.Batch{}
	for number := range 2000 {
		queue.Queue("select $1::int, repeat('x', 4096)", number)
	}
	results := conn.SendBatch(ctx, queue)
	sum, length := 0, 0
	for range 2000 {
		var number int
		var text string
		if err := results.QueryRow().Scan(&number, &text); err != nil {
			return nil, errors.Join(err, results.Close())
		}
		sum, length = sum+number, length+len(text)
	}
	return []int{sum, length}, results.Close()
}

// pipeline sends a failing statement between two syncs and goes on after it.
func pipeline(ctx context.Context, conn *pgx.Conn) (any, error) {
	pipe := conn.PgConn().StartPipeline(ctx)
	for _, text := range []string{"select 1", "select 1 / 0", "select 3"} {
		pipe.SendQueryParams(text, nil, nil, nil, nil)
		if err := pipe.Sync(); err != nil {
			return nil, err
		}
	}
	var saw []string
	for range 6 {
		switch result, err := pipe.GetResults(); each := result.(type) {
		case *pgconn.ResultReader:
			read := each.Read()
			saw = append(saw, outcome(read.CommandTag, read.Err))
		case *pgconn.PipelineSync:
			saw = append(saw, "sync")
		default:
			saw = append(saw, sqlstate(err))
		}
	}
	return saw, pipe.Close()
}

func transactionError(ctx context.Context, conn *pgx.Conn) (any, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, text := range []string{"select 1 / 0", "select 1"} {
		_, err := tx.Exec(ctx, text)
		codes = append(codes, sqlstate(err))
	}
	return codes, tx.Rollback(ctx)
}

func copyBothWays(ctx context.Context, conn *pgx.Conn) (any, error) {
	if _, err := conn.Exec(ctx, "create temp table copied (id int, body text)"); err != nil {
		return nil, err
	}
	source := pgx.CopyFromSlice(50_000, func(number int) ([]any, error) {
		return []any{number, fmt.Sprintf("line %d", number)}, nil
	})
	inserted, err := conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "body"}, source)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	_, err = conn.PgConn().CopyTo(ctx, digest, "copy (select * from copied order by id) to stdout")
	return []any{inserted, hex.EncodeToString(digest.Sum(nil))}, err
}

func copyFailure(ctx context.Context, conn *pgx.Conn) (any, error) {
	if _, err := conn.Exec(ctx, "create temp table refused (id int)"); err != nil {
		return nil, err
	}
	rows := bytes.NewBufferString(strings.Repeat("not a number\n", 10_000))
	_, refusal := conn.PgConn().CopyFrom(ctx, rows, "copy refused from stdin")
	var count int
	err := conn.QueryRow(ctx, "select count(*) from refused").Scan(&count)
	return []any{sqlstate(refusal), count}, err
}

func bigRow(ctx context.Context, conn *pgx.Conn) (any, error) {
	var body string
	err := conn.QueryRow(ctx, "select repeat('0123456789abcdef', $1)", big/16).Scan(&body)
	digest := sha256.Sum256([]byte(body))
	return []any{len(body), hex.EncodeToString(digest[:])}, err
}

func bigParameter(ctx context.Context, conn *pgx.Conn) (any, error) {
	var length int
	var digest string
	body := strings.Repeat("fedcba9876543210", big/16)
	err := conn.QueryRow(ctx, "select length($1::text), md5($1::text)", body).Scan(&length, &digest)
	return []any{length, digest}, err
}

func listenNotify(ctx context.Context, conn *pgx.Conn) (any, error) {
	backend, err := backendPID(ctx, conn)
	if err != nil {
		return nil, err
	}
	// A database's channels are for all its sessions: other clients' checks may run in this one.
	channel := fmt.Sprintf("interop_%d", backend)
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return nil, err
	}
	other, err := pgx.Connect(ctx, "")
	if err != nil {
		return nil, err
	}
	defer other.Close(ctx)
	var heard []string
	for number := range 3 {
		if _, err := other.Exec(ctx, "select pg_notify($1, $2)", channel, fmt.Sprint(number)); err != nil {
			return nil, err
		}
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return nil, err
		}
		heard = append(heard, notification.Payload)
	}
	_, err = conn.Exec(ctx, "unlisten *")
	return heard, err
}

func cancel(ctx context.Context, conn *pgx.Conn) (any, error) {
	other, err := pgx.Connect(ctx, "")
	if err != nil {
		return nil, err
	}
	defer other.Close(ctx)
	backend := int(conn.PgConn().PID())
	cancelled := make(chan error, 1)
	go func() {
		cancelled <- cancelOnceRunning(ctx, other, conn, backend)
	}()
	_, refusal := conn.Exec(ctx, "select pg_sleep(60)")
	if err := <-cancelled; err != nil {
		return nil, err
	}
	var alive string
	err = conn.QueryRow(ctx, "select 'alive'").Scan(&alive)
	return []string{sqlstate(refusal), alive}, err
}

func cancelOnceRunning(ctx context.Context, other, conn *pgx.Conn, backend int) error {
	const running = `select count(*) from pg_stat_activity
		where pid = $1 and state = 'active' and query like 'select pg_sleep%'`
	for {
		var count int
		if err := other.QueryRow(ctx, running, backend).Scan(&count); err != nil {
			return err
		}
		if count > 0 {
			return conn.PgConn().CancelRequest(ctx)
		}
	}
}

func parallelSessions(ctx context.Context, _ *pgx.Conn) (any, error) {
	backends := map[int]bool{}
	for range 20 {
		conn, err := pgx.Connect(ctx, "")
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		backend, err := backendPID(ctx, conn)
		if err != nil {
			return nil, err
		}
		backends[backend] = true
	}
	return len(backends), nil
}

// processID compares what the client got at its login with the server's own word.
func processID(ctx context.Context, conn *pgx.Conn) (any, error) {
	backend, err := backendPID(ctx, conn)
	return backend == int(conn.PgConn().PID()), err
}

func backendPID(ctx context.Context, conn *pgx.Conn) (int, error) {
	var backend int
	err := conn.QueryRow(ctx, "select pg_backend_pid()").Scan(&backend)
	return backend, err
}

func outcome(tag pgconn.CommandTag, err error) string {
	if err != nil {
		return sqlstate(err)
	}
	return tag.String()
}

func sqlstate(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return fmt.Sprint(err)
}
