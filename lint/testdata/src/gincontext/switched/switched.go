// Package switched has an engine whose contexts ask the request's.
package switched

import (
	"example.com/shop"
	"github.com/gin-gonic/gin"
)

var shops shop.Client

func engine() *gin.Engine {
	e := &gin.Engine{}
	e.ContextWithFallback = true
	return e
}

func handler(c *gin.Context) { shops.Get(c, nil) }
