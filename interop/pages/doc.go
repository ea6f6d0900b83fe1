// Package pages has tests only. They run each block of Go on the pages of docs that have no package of their own:
// getting-started, opentelemetry, grpc, trust, destinations, migration and faq.
package pages
