package grpctrace

// ForgetKeys has the package use grpc-go's public functions until the test ends.
var ForgetKeys = forget

// KnownConnections is how many connections have their endpoint kept.
func KnownConnections() int {
	endpoints.mu.RLock()
	defer endpoints.mu.RUnlock()
	return len(endpoints.known)
}
