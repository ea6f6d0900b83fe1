package backend

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/openzipkin/zipkin-go/model"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// ZipkinVersion is the release that the command in FindZipkin's error installs.
const ZipkinVersion = "3.5.1"

// FindZipkin returns the path of a Zipkin server's executable jar: $ZIPKIN, else the one in the user's cache folder. It
// also needs java on PATH. If something is missing, the error has the command that installs it.
func FindZipkin() (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", fmt.Errorf("the Zipkin server needs Java 17 or newer: %w\nOn Debian: apt-get install default-jre-headless", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "traceferry")
	jar := cmp.Or(os.Getenv("ZIPKIN"), filepath.Join(folder, "zipkin-server-"+ZipkinVersion+"-exec.jar"))
	if _, err := os.Stat(jar); err != nil {
		return "", fmt.Errorf("no Zipkin server: %w\n"+
			"Install it, 131 MB, with Maven:\nmvn dependency:copy -Dartifact=io.zipkin:zipkin-server:%s:jar:exec -DoutputDirectory=%s\n"+
			"or name the jar in $ZIPKIN", err, ZipkinVersion, folder)
	}
	return filepath.Abs(jar)
}

type zipkin struct{ server }

// StartZipkin runs a Zipkin server with storage in memory, on loopback only. It receives spans at /api/v2/spans. Its
// log goes to zipkin.log in dir.
func StartZipkin(ctx context.Context, jar, dir string) (Backend, error) {
	addrs, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addrs[0])
	if err != nil {
		return nil, err
	}
	p, err := process.Start(ctx, dir, process.Command{
		Name: "zipkin",
		Path: "java",
		Args: []string{"-Xmx512m", "-XX:TieredStopAtLevel=1", "-jar", jar, // it runs for a minute, so it should start fast
			"--armeria.ports[0].ip=" + host, "--armeria.ports[0].port=" + port, "--armeria.ports[0].protocols[0]=http"},
	})
	if err != nil {
		return nil, err
	}
	z := &zipkin{server{process: p, addr: addrs[0], api: "http://" + addrs[0]}}
	if err := z.ready(ctx, "/health"); err != nil {
		return nil, err
	}
	return z, nil
}

func (z *zipkin) TraceURL(id string) string { return z.api + "/zipkin/traces/" + id }

func (z *zipkin) Received() int {
	var metrics struct {
		Spans float64 `json:"counter.zipkin_collector.spans.http"`
	}
	z.get("/metrics", &metrics)
	return int(metrics.Spans)
}

// Spans asks for all traces of the last hour.
func (z *zipkin) Spans() []sink.Span {
	var traces [][]model.SpanModel
	z.get("/api/v2/traces?limit=1000000&lookback=3600000", &traces)
	var spans []sink.Span
	for _, trace := range traces {
		for _, span := range trace {
			spans = append(spans, sink.FromZipkin(span))
		}
	}
	return spans
}
