package grpctrace

// ForgetKeys has the package use grpc-go's public functions until the test ends.
var ForgetKeys = forget
