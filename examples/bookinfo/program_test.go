package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestAProgramWithoutServicesIsNamed. That the services of a program are judged is shown in module weave.
func TestAProgramWithoutServicesIsNamed(t *testing.T) {
	for _, program := range []string{"true", "/no/such/program"} {
		var errs bytes.Buffer
		if exit := run([]string{"-services", program}, io.Discard, &errs, nil); exit != 2 || !strings.Contains(errs.String(), program) {
			t.Errorf("%s: exit %d, %q", program, exit, &errs)
		}
	}
}
