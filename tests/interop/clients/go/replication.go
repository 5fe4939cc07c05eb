package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// replicationChecks need a role with the attribute REPLICATION and a database of its own.
var replicationChecks = []check{
	{"physical-replication", physicalReplication},
	{"logical-replication", logicalReplication},
}

// physicalReplication streams the write-ahead log until a record comes, then ends the stream and goes on.
func physicalReplication(ctx context.Context, conn *pgx.Conn) (any, error) {
	walsender, err := connectWalsender(ctx, "true")
	if err != nil {
		return nil, err
	}
	defer walsender.Close(ctx)
	system, err := identify(ctx, walsender)
	if err != nil {
		return nil, err
	}
	if err := start(walsender, "START_REPLICATION PHYSICAL "+string(system[2])); err != nil {
		return nil, err
	}
	if err := emit(ctx, conn, "physical"); err != nil {
		return nil, err
	}
	if err := waitFor(ctx, walsender, []byte("interop physical")); err != nil {
		return nil, err
	}
	return end(ctx, walsender)
}

// logicalReplication decodes one message by pgoutput, over a slot that ends with the session.
func logicalReplication(ctx context.Context, conn *pgx.Conn) (any, error) {
	for _, text := range []string{"drop publication if exists interop", "create publication interop"} {
		if _, err := conn.Exec(ctx, text); err != nil {
			return nil, err
		}
	}
	walsender, err := connectWalsender(ctx, "database")
	if err != nil {
		return nil, err
	}
	defer walsender.Close(ctx)
	const slot = "CREATE_REPLICATION_SLOT interop TEMPORARY LOGICAL pgoutput"
	if _, err := walsender.Exec(ctx, slot).ReadAll(); err != nil {
		return nil, err
	}
	const options = "(proto_version '1', publication_names 'interop', messages 'true')"
	if err := start(walsender, "START_REPLICATION SLOT interop LOGICAL 0/0 "+options); err != nil {
		return nil, err
	}
	if err := emit(ctx, conn, "logical"); err != nil {
		return nil, err
	}
	if err := waitFor(ctx, walsender, []byte("interop logical")); err != nil {
		return nil, err
	}
	return end(ctx, walsender)
}

func connectWalsender(ctx context.Context, mode string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig("replication=" + mode)
	if err != nil {
		return nil, err
	}
	return pgconn.ConnectConfig(ctx, config)
}

// identify answers system id, timeline, position and database.
func identify(ctx context.Context, walsender *pgconn.PgConn) ([][]byte, error) {
	results, err := walsender.Exec(ctx, "IDENTIFY_SYSTEM").ReadAll()
	if err != nil {
		return nil, err
	}
	return results[0].Rows[0], nil
}

func start(walsender *pgconn.PgConn, command string) error {
	walsender.Frontend().SendQuery(&pgproto3.Query{String: command})
	return walsender.Frontend().Flush()
}

// emit writes a message into the write-ahead log.
func emit(ctx context.Context, conn *pgx.Conn, text string) error {
	_, err := conn.Exec(ctx, "select pg_logical_emit_message(true, 'interop', $1)", "interop "+text)
	return err
}

// waitFor reads the stream until some text comes in it, and confirms what was received.
func waitFor(ctx context.Context, walsender *pgconn.PgConn, text []byte) error {
	for {
		switch message, err := walsender.ReceiveMessage(ctx); each := message.(type) {
		case *pgproto3.CopyData:
			if bytes.Contains(each.Data, text) {
				return nil
			}
			if err := confirm(walsender); err != nil {
				return err
			}
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(each)
		default:
			if err != nil {
				return err
			}
		}
	}
}

// confirm sends a standby status update that has received nothing: it only shows that both directions are open.
func confirm(walsender *pgconn.PgConn) error {
	walsender.Frontend().Send(&pgproto3.CopyData{Data: append([]byte{'r'}, make([]byte, 33)...)})
	return walsender.Frontend().Flush()
}

// end closes the stream from this side, waits for the other, and uses the session again.
func end(ctx context.Context, walsender *pgconn.PgConn) (any, error) {
	walsender.Frontend().Send(&pgproto3.CopyDone{})
	if err := walsender.Frontend().Flush(); err != nil {
		return nil, err
	}
	for {
		message, err := walsender.ReceiveMessage(ctx)
		if err != nil {
			return nil, err
		}
		if _, ready := message.(*pgproto3.ReadyForQuery); ready {
			system, err := identify(ctx, walsender)
			return fmt.Sprintf("%d columns", len(system)), err
		}
	}
}
