package istio

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path"
	"strings"
)

// kubernetes is the API server of a cluster without objects. istiod panics without a Kubernetes client, even if it
// reads its configuration from files.
type kubernetes struct {
	server   http.Server
	listener net.Listener
}

// startKubernetes serves on a free port of loopback.
func startKubernetes() (*kubernetes, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the Kubernetes API: %w", err)
	}
	k := &kubernetes{listener: l, server: http.Server{Handler: emptyCluster()}}
	go k.server.Serve(l) // ends with close
	return k, nil
}

func (k *kubernetes) url() string { return "http://" + k.listener.Addr().String() }

func (k *kubernetes) close() error { return k.server.Close() }

// kubeconfig is the file that tells istiod the server's address.
func (k *kubernetes) kubeconfig() []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: empty, cluster: {server: %q}}]
contexts: [{name: empty, context: {cluster: empty, user: nobody}}]
current-context: empty
users: [{name: nobody, user: {}}]
`, k.url())
}

// emptyCluster answers lists with no items, keeps watches open, and finds no object. It accepts new objects and drops
// them.
func emptyCluster() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, object{"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
	})
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, object{"kind": "APIVersions", "versions": []string{"v1"}})
	})
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []object{}})
	})
	mux.HandleFunc("GET /", get)
	mux.HandleFunc("POST /", accept)
	mux.HandleFunc("PUT /", accept)
	mux.HandleFunc("PATCH /", accept)
	mux.HandleFunc("DELETE /", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "NotFound") })
	return mux
}

type object = map[string]any

func get(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Get("sendInitialEvents") == "true":
		refuse(w, http.StatusUnprocessableEntity, "Invalid") // the client then uses a list
	case query.Get("watch") != "":
		w.Header().Set("Content-Type", "application/json")
		_ = http.NewResponseController(w).Flush() // an error means that the client has gone
		<-r.Context().Done()
	case namesObject(r.URL.Path):
		refuse(w, http.StatusNotFound, "NotFound")
	default:
		list := object{"metadata": object{"resourceVersion": "1"}, "items": []object{}}
		if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			list["kind"], list["apiVersion"] = "PartialObjectMetadataList", "meta.k8s.io/v1"
		}
		reply(w, http.StatusOK, list)
	}
}

// namesObject reports whether a path names one object, and not all of a resource. Paths
// are /api/v1/RESOURCE or /apis/GROUP/VERSION/RESOURCE, then /NAME for one object. Between
// version and resource there may be /namespaces/NAMESPACE.
func namesObject(url string) bool {
	parts := strings.Split(strings.Trim(path.Clean(url), "/"), "/")
	root := 3
	if parts[0] == "api" {
		root = 2
	}
	rest := parts[min(root, len(parts)):]
	if len(rest) > 2 && rest[0] == "namespaces" {
		rest = rest[2:]
	}
	return len(rest) > 1
}

// accept returns the object as if the server had stored it.
func accept(w http.ResponseWriter, r *http.Request) {
	var o object
	err := json.NewDecoder(r.Body).Decode(&o)
	metadata, ok := o["metadata"].(object)
	if err != nil || !ok {
		refuse(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType") // such as protobuf
		return
	}
	metadata["resourceVersion"] = "2"
	reply(w, http.StatusCreated, o)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	reply(w, code, object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code})
}

func reply(w http.ResponseWriter, code int, o any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o) // an error means that the client has gone
}
