package propagation_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

const propagatorsVariable = "OTEL_PROPAGATORS"

func TestConfigFromEnv(t *testing.T) {
	none := []propagation.Format{}
	all := make([]string, 0, 16)
	for _, f := range propagation.AllFormats() {
		all = append(all, f.String())
	}
	for value, want := range map[string][]propagation.Format{
		"":                       nil,
		" \t":                    nil,
		"tracecontext,baggage":   {propagation.W3C, propagation.Baggage},
		"baggage,tracecontext":   {propagation.Baggage, propagation.W3C},
		" b3 ,\tb3multi ":        {propagation.B3Single, propagation.B3Multi},
		"jaeger,b3,jaeger,b3":    {propagation.Jaeger, propagation.B3Single},
		"xray,,ottrace,":         {propagation.XRay, propagation.OTTrace},
		"none":                   none,
		" none ":                 none,
		"none,b3":                none,
		"b3,none":                none,
		strings.Join(all, ","):   propagation.AllFormats(),
		strings.Join(all, " , "): propagation.AllFormats(),
	} {
		t.Run(value, func(t *testing.T) {
			t.Setenv(propagatorsVariable, value)
			c, err := propagation.ConfigFromEnv()
			if err != nil || !slices.Equal(c.Formats, want) || (c.Formats == nil) != (want == nil) {
				t.Errorf("got %v, %v, want %v", c.Formats, err, want)
			}
			compile(t, c)
		})
	}
}

func TestConfigFromEnvUnset(t *testing.T) {
	t.Setenv(propagatorsVariable, "b3") // restores the old value after the test
	os.Unsetenv(propagatorsVariable)
	if c, err := propagation.ConfigFromEnv(); err != nil || c.Formats != nil {
		t.Errorf("got %v, %v, want the zero Config", c.Formats, err)
	}
}

// TestConfigFromEnvUnknown: the error names the unknown formats, and lists the known formats.
func TestConfigFromEnvUnknown(t *testing.T) {
	for value, unknown := range map[string][]string{
		"zipkin":               {"zipkin"},
		"b3,zipkin,B3,none":    {"zipkin", "B3"}, // names are lower-case
		"tracecontext;baggage": {"tracecontext;baggage"},
		"trace context":        {"trace context"},
	} {
		t.Run(value, func(t *testing.T) {
			t.Setenv(propagatorsVariable, value)
			c, err := propagation.ConfigFromEnv()
			if err == nil {
				t.Fatalf("ConfigFromEnv returns no error and the formats %v, want an error", c.Formats)
			}
			if c.Formats != nil {
				t.Errorf("with the error, ConfigFromEnv returns the formats %v, want nil", c.Formats)
			}
			for _, name := range unknown {
				if !strings.Contains(err.Error(), `"`+name+`"`) {
					t.Errorf("the error %q does not name %q", err, name)
				}
			}
			for _, f := range propagation.AllFormats() {
				if !strings.Contains(err.Error(), f.String()) {
					t.Errorf("the error %q does not list %v", err, f)
				}
			}
			if !strings.Contains(err.Error(), propagatorsVariable) || !strings.Contains(err.Error(), "none") {
				t.Errorf("the error %q does not have the name of the variable and the value none", err)
			}
		})
	}
}

// TestConfigFromEnvOrder: the first name has precedence.
func TestConfigFromEnvOrder(t *testing.T) {
	for value, want := range map[string]string{"b3,tracecontext": "0000000000000001", "tracecontext,b3": callerSpan} {
		t.Setenv(propagatorsVariable, value)
		c, err := propagation.ConfigFromEnv()
		if err != nil {
			t.Fatal(err)
		}
		ctx := received(compile(t, c), "B3", "0000000000000007-0000000000000001", "Traceparent", callerW3C)
		if sc, _ := propagation.RemoteFromContext(ctx); sc.SpanID.String() != want {
			t.Errorf("%s: the remote span is %v, want %s", value, sc.SpanID, want)
		}
	}
}
