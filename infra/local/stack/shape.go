package stack

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/gateway"
	"trueup/internal/access"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/httpapi/route"
)

// CreateTable makes a table of package schema, as engine.CreateTable does.
func CreateTable(ctx context.Context, client *dynamodb.Client, name string) error {
	return engine.CreateTable(ctx, client, name, Schema())
}

// Schema is package schema as the engine takes it.
func Schema() engine.Schema {
	s := engine.Schema{PK: schema.PK, SK: schema.SK, TTL: schema.TTL}
	for _, index := range schema.Indexes {
		s.Indexes = append(s.Indexes, engine.Index(index))
	}
	return s
}

// Routes is the table of routes as the gateway takes it.
func Routes() []gateway.Route {
	routes := make([]gateway.Route, len(route.Table))
	for i, r := range route.Table {
		routes[i] = gateway.Route{Method: r.Method, Path: r.Path, Function: r.Function, Open: r.Permission == access.Anyone}
	}
	return routes
}

// groups are the user pool's groups that roles are.
func groups(roles []access.Role) []string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return names
}
