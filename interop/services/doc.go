// Package services holds services written with many libraries to package propagationtest: the correct ones pass.
package services
