package amqp

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/traceferry/traceferry/interop/messages/internal/broker"
)

// startRabbitMQ starts a RabbitMQ server with a folder and ports of its own, and returns a channel.
func startRabbitMQ(t *testing.T) *amqp.Channel {
	program := broker.Program(t, "RABBITMQ", rabbitMQ(), "apt-get install rabbitmq-server")
	epmd := broker.Program(t, "EPMD", "epmd", "apt-get install erlang-base")
	folder := t.TempDir()
	config := filepath.Join(folder, "rabbitmq.conf")
	port, names, peers := broker.Port(t), broker.Port(t), broker.Port(t)
	settings := fmt.Sprintf("listeners.tcp.default = 127.0.0.1:%d\ndisk_free_limit.absolute = 1MB\n", port)
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	// Without a name server of its own, Erlang starts one that goes on running after the test.
	broker.Start(t, listens(names), epmd, nil, "-address", "127.0.0.1", "-port", fmt.Sprint(names))
	url := fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port)
	var connection *amqp.Connection
	broker.Start(t, func(context.Context) (err error) {
		connection, err = amqp.Dial(url)
		return err
	}, program, []string{
		"HOME=" + folder,
		"RABBITMQ_NODENAME=traceferry@localhost",
		"RABBITMQ_CONFIG_FILE=" + config,
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(folder, "data"),
		"RABBITMQ_LOG_BASE=" + filepath.Join(folder, "log"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(folder, "plugins"),
		"RABBITMQ_PID_FILE=" + filepath.Join(folder, "pid"),
		fmt.Sprint("RABBITMQ_DIST_PORT=", peers),
		fmt.Sprint("ERL_EPMD_PORT=", names),
	})
	t.Cleanup(func() { connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}

// rabbitMQ returns the server's own script. The one on PATH in Debian changes the user.
func rabbitMQ() string {
	found, _ := filepath.Glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
	return append(found, "rabbitmq-server")[0]
}

func listens(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
