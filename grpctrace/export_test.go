package grpctrace

// ForgetKeys makes the package use grpc-go's public functions until the test ends.
var ForgetKeys = forget

// KnownConnections returns the number of connections whose endpoint is stored.
func KnownConnections() int {
	endpoints.mu.RLock()
	defer endpoints.mu.RUnlock()
	return len(endpoints.known)
}
