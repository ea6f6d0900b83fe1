package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/traceferry/traceferry/interop/messages/internal/broker"
	_ "modernc.org/sqlite"
)

// openSQLite opens a database in a file of its own.
func openSQLite(t *testing.T) *sql.DB {
	return open(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "outbox.db")+"?_pragma=busy_timeout(5000)",
		"CREATE TABLE outbox (id INTEGER PRIMARY KEY, topic TEXT, body TEXT, headers TEXT)")
}

// openPostgreSQL starts a PostgreSQL server with a folder and a port of its own. The server does not run as root, so root
// runs it as nobody.
func openPostgreSQL(t *testing.T) *sql.DB {
	server := broker.Program(t, "POSTGRES", postgreSQL("postgres"), "apt-get install postgresql")
	initdb := broker.Program(t, "INITDB", postgreSQL("initdb"), "apt-get install postgresql")
	folder, err := os.MkdirTemp("", "outbox") // the folders of t.TempDir are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	data, port := filepath.Join(folder, "data"), broker.Port(t)
	as := asNobody(t, folder)
	if out, err := exec.Command(as[0], append(as[1:], initdb, "-D", data, "-U", "traceferry", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	source := fmt.Sprintf("postgres://traceferry@127.0.0.1:%d/postgres?sslmode=disable", port)
	broker.Start(t, func(ctx context.Context) error {
		db, err := sql.Open("pgx", source)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.PingContext(ctx)
	}, as[0], nil, append(as[1:], server, "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", folder)...)
	return open(t, "pgx", source, "CREATE TABLE outbox (id BIGSERIAL PRIMARY KEY, topic TEXT, body TEXT, headers JSONB)")
}

// postgreSQL returns the path of one of PostgreSQL's programs. Debian does not put them on PATH.
func postgreSQL(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	return append(found, name)[0]
}

// asNobody returns the beginning of a command line that runs a program as nobody, who then owns the folder. A user other
// than root runs it himself.
func asNobody(t *testing.T, folder string) []string {
	if os.Getuid() != 0 {
		return []string{"env"}
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	if err := os.Chown(folder, uid, -1); err != nil {
		t.Fatal(err)
	}
	return []string{"setpriv", "--reuid=nobody", "--regid=" + nobody.Gid, "--clear-groups"}
}

func open(t *testing.T, driver, source, table string) *sql.DB {
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	return db
}
