// Daprd is Dapr's sidecar with one component: name resolution by an SQLite file. It runs Dapr's own runtime
// and takes the flags of the released daprd. The released one links every component, and builds for a long time.
package main

import (
	"context"
	"log"
	"os"

	"github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

func main() {
	o, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	o.Logger.SetAppID(o.AppID)
	if err := logger.ApplyOptionsToLoggers(&o.Logger); err != nil {
		log.Fatal(err)
	}
	nameresolution.DefaultRegistry.Logger = logger.NewLogger("dapr.contrib")
	nameresolution.DefaultRegistry.RegisterComponent(sqlite.NewResolver, "sqlite")
	if err := serve(signals.Context(), o); err != nil {
		log.Fatal(err)
	}
}

// serve runs the sidecar until ctx ends.
func serve(ctx context.Context, o *options.Options) error {
	health := healthz.New()
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           o.SentryAddress,
		ControlPlaneTrustDomain: o.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   o.ControlPlaneNamespace,
		TrustAnchors:            o.TrustAnchors,
		AppID:                   o.AppID,
		MTLSEnabled:             o.EnableMTLS,
		Mode:                    modes.DaprMode(o.Mode),
		Healthz:                 health,
	})
	if err != nil {
		return err
	}
	return concurrency.NewRunnerManager(provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return err
		}
		r, err := runtime.FromConfig(ctx, config(o, handler, health))
		if err != nil {
			return err
		}
		return r.Run(ctx)
	}).Run(ctx)
}

// config passes the flags that a mesh of loopback sidecars needs to the runtime.
func config(o *options.Options, handler security.Handler, health healthz.Healthz) *runtime.Config {
	return &runtime.Config{
		AppID:                         o.AppID,
		Mode:                          o.Mode,
		Config:                        o.Config,
		ResourcesPath:                 o.ResourcesPath,
		AllowedOrigins:                o.AllowedOrigins,
		DaprHTTPPort:                  o.DaprHTTPPort,
		DaprAPIGRPCPort:               o.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        o.DaprAPIListenAddresses,
		DaprInternalGRPCPort:          o.DaprInternalGRPCPort,
		DaprInternalGRPCListenAddress: o.DaprInternalGRPCListenAddress,
		DaprPublicPort:                o.DaprPublicPort,
		DaprPublicListenAddress:       o.DaprPublicListenAddress,
		ProfilePort:                   o.ProfilePort,
		EnableProfiling:               o.EnableProfiling,
		ApplicationPort:               o.AppPort,
		AppProtocol:                   o.AppProtocol,
		AppChannelAddress:             o.AppChannelAddress,
		AppMaxConcurrency:             o.AppMaxConcurrency,
		EnableAppHealthCheck:          o.EnableAppHealthCheck,
		AppHealthCheckPath:            o.AppHealthCheckPath,
		AppHealthProbeInterval:        o.AppHealthProbeInterval,
		AppHealthProbeTimeout:         o.AppHealthProbeTimeout,
		AppHealthThreshold:            o.AppHealthThreshold,
		MaxRequestSize:                o.MaxRequestSize,
		ReadBufferSize:                o.ReadBufferSize,
		EnableMTLS:                    o.EnableMTLS,
		SentryAddress:                 o.SentryAddress,
		ControlPlaneAddress:           o.ControlPlaneAddress,
		ActorsService:                 o.ActorsService,
		RemindersService:              o.RemindersService,
		SchedulerAddress:              o.SchedulerAddress,
		DaprGracefulShutdownSeconds:   o.DaprGracefulShutdownSeconds,
		DaprBlockShutdownDuration:     o.DaprBlockShutdownDuration,
		EnableAPILogging:              o.EnableAPILogging,
		Security:                      handler,
		Healthz:                       health,
		Metrics: metrics.Options{
			Log:       logger.NewLogger("dapr.metrics"),
			Enabled:   o.Metrics.Enabled(),
			Port:      o.Metrics.Port(),
			Namespace: metrics.DefaultMetricNamespace,
			Healthz:   health,
		},
		Registry: registry.NewOptions(),
	}
}
