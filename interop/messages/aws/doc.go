// Package aws has the recipes for SQS and SNS, and their tests with Amazon's SDK against the server of moto.
package aws
