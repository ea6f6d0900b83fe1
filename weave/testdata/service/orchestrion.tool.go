//go:build tools

// Package main names what orchestrion weaves into the service.
package main

import (
	_ "github.com/DataDog/orchestrion"
	_ "github.com/traceferry/traceferry/weave"
	_ "github.com/traceferry/traceferry/weave/weavegrpc"
)
