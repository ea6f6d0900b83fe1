package newrequest

import (
	"context"
	"net/http"
	"testing"
)

func TestRequest(t *testing.T) { inTest(t.Context()) }

func inTest(ctx context.Context) { http.NewRequest("GET", "http://details", nil) }
