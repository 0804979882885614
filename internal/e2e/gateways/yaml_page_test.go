// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateways

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	authz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstreams "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/stapledjwt/stapled/gateway"
)

// message decodes a block as Envoy does: unknown fields and unknown types are
// errors, and so are values that Envoy's rules do not allow.
func message(t *testing.T, page, file string, into interface {
	proto.Message
	ValidateAll() error
}) {
	t.Helper()
	if err := protojson.Unmarshal(toJSON(t, block(t, page, file)), into); err != nil {
		t.Fatalf("%s, %s: %v", page, file, err)
	}
	if err := into.ValidateAll(); err != nil {
		t.Fatalf("%s, %s: %v", page, file, err)
	}
}

func toJSON(t *testing.T, text string) []byte {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// filter returns the ext_authz filter of a block.
func filter(t *testing.T, file string) *authz.ExtAuthz {
	t.Helper()
	f, a := new(hcm.HttpFilter), new(authz.ExtAuthz)
	message(t, "envoy", file, f)
	if err := f.GetTypedConfig().UnmarshalTo(a); err != nil {
		t.Fatal(err)
	}
	if err := a.ValidateAll(); err != nil {
		t.Fatal(err)
	}
	if a.GetFailureModeAllow() || a.GetWithRequestBody() != nil {
		t.Errorf("%s: failure_mode_allow or with_request_body", file)
	}
	return a
}

func TestEnvoyPage(t *testing.T) {
	c := new(cluster.Cluster)
	message(t, "envoy", "cluster.yaml", c)
	options := new(upstreams.HttpProtocolOptions)
	for _, value := range c.GetTypedExtensionProtocolOptions() {
		if err := value.UnmarshalTo(options); err != nil {
			t.Fatal(err)
		}
		if err := options.ValidateAll(); err != nil {
			t.Fatal(err)
		}
	}
	if options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() == nil {
		t.Error("the cluster does not speak HTTP/2, which gRPC needs")
	}
	if name := filter(t, "grpc.yaml").GetGrpcService().GetEnvoyGrpc().GetClusterName(); name != c.GetName() {
		t.Errorf("the filter asks cluster %q, which is %q", name, c.GetName())
	}
	http := filter(t, "http.yaml")
	if name := http.GetHttpService().GetServerUri().GetCluster(); name != c.GetName() {
		t.Errorf("the filter asks cluster %q, which is %q", name, c.GetName())
	}
	var copied []string
	for _, p := range http.GetHttpService().GetAuthorizationResponse().GetAllowedUpstreamHeaders().GetPatterns() {
		copied = append(copied, p.GetExact())
	}
	for _, name := range (gateway.IdentityHeaders{}).Names() {
		if !slices.Contains(copied, strings.ToLower(name)) {
			t.Errorf("http.yaml does not copy %s", name)
		}
	}
}

func TestTraefikPage(t *testing.T) {
	var dynamic struct {
		HTTP struct {
			Middlewares map[string]struct {
				ForwardAuth struct {
					Address             string
					AuthResponseHeaders []string
				}
				Headers struct{ CustomRequestHeaders map[string]string }
			}
			Routers  map[string]struct{ Middlewares []string }
			Services any
		}
	}
	strict(t, "traefik", "dynamic.yaml", &dynamic, false)
	order := dynamic.HTTP.Routers["billing"].Middlewares
	if !slices.Equal(order, []string{"stapled-clean", "stapled", "stapled-token"}) {
		t.Errorf("the middlewares are %q", order)
	}
	copied := dynamic.HTTP.Middlewares["stapled"].ForwardAuth.AuthResponseHeaders
	for _, name := range (gateway.IdentityHeaders{}).Names() {
		if !slices.Contains(copied, name) {
			t.Errorf("Traefik does not copy %s", name)
		}
	}
	aliases := strings.Fields(block(t, "traefik", "aliases"))
	for name, value := range dynamic.HTTP.Middlewares["stapled-clean"].Headers.CustomRequestHeaders {
		if value != "" || !slices.Contains(aliases, name) {
			t.Errorf("stapled-clean sets %s to %q", name, value)
		}
	}
	if token, ok := dynamic.HTTP.Middlewares["stapled-token"].Headers.CustomRequestHeaders["Authorization"]; !ok || token != "" {
		t.Error("stapled-token does not remove the token")
	}
}

// There are no types of Istio and of the Gateway API here, so this compares only
// what must fit together.
func TestKubernetesPages(t *testing.T) {
	var mesh struct {
		ExtensionProviders []struct {
			Name              string
			EnvoyExtAuthzGrpc struct {
				Service  string
				Port     int
				FailOpen bool
			}
		}
	}
	var policy struct {
		Kind string
		Spec struct {
			Action   string
			Provider struct{ Name string }
			Selector any
			Rules    []map[string]any
		}
	}
	strict(t, "istio", "mesh.yaml", &mesh, true)
	strict(t, "istio", "policy.yaml", &policy, false)
	if len(mesh.ExtensionProviders) != 1 || mesh.ExtensionProviders[0].EnvoyExtAuthzGrpc.FailOpen ||
		policy.Spec.Action != "CUSTOM" || policy.Spec.Provider.Name != mesh.ExtensionProviders[0].Name || len(policy.Spec.Rules) != 1 || len(policy.Spec.Rules[0]) != 0 {
		t.Errorf("the policy %+v does not fit the provider %+v", policy, mesh)
	}
	var security struct {
		Spec struct {
			TargetRefs []struct{ Group, Kind, Name string }
			ExtAuth    struct {
				FailOpen bool
				Grpc     struct {
					BackendRefs []struct {
						Name string
						Port int
					}
				}
			}
		}
	}
	var route struct {
		APIVersion, Kind string
		Metadata         struct{ Name, Namespace string }
		Spec             any
	}
	strict(t, "gateway-api", "securitypolicy.yaml", &security, false)
	strict(t, "gateway-api", "httproute.yaml", &route, true)
	target := security.Spec.TargetRefs
	if len(target) != 1 || target[0].Kind != route.Kind || target[0].Name != route.Metadata.Name || !strings.HasPrefix(route.APIVersion, target[0].Group+"/") ||
		security.Spec.ExtAuth.FailOpen || len(security.Spec.ExtAuth.Grpc.BackendRefs) != 1 {
		t.Errorf("the policy %+v is not for the route %+v", security, route)
	}
}

func strict(t *testing.T, page, file string, into any, known bool) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(toJSON(t, block(t, page, file)))))
	if known {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s, %s: %v", page, file, err)
	}
}
