// Package fallback is of a program that sets ContextWithFallback elsewhere.
package fallback

import (
	"example.com/shop"
	"github.com/gin-gonic/gin"
)

var shops shop.Client

func handler(c *gin.Context) { shops.Get(c, nil) }
