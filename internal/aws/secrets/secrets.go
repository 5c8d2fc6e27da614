// Package secrets reads the client ID and secret of the entitlement service from AWS Secrets
// Manager. They appear in no error and no log, and are not cached: package vlsc asks for them at
// every token, which it uses for at most five minutes.
package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Client reads a secret of the form {"clientId": "…", "clientSecret": "…"}.
type Client struct {
	manager *secretsmanager.Client
	name    string
}

// Of returns a function that reads the secret with that name or ARN.
func Of(c aws.Config, name string) func(context.Context) (id, secret string, err error) {
	return New(secretsmanager.NewFromConfig(c), name).Credentials
}

// New returns a client of the secret with that name or ARN.
func New(manager *secretsmanager.Client, name string) *Client { return &Client{manager, name} }

// Credentials returns the client ID and the client secret.
func (c *Client) Credentials(ctx context.Context) (id, secret string, err error) {
	out, err := c.manager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &c.name})
	if err != nil {
		return "", "", fmt.Errorf("secrets: read %s: %w", c.name, err)
	}
	var v struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
	}
	// The cause is dropped because it could quote the secret.
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), &v) != nil || v.ClientID == "" || v.ClientSecret == "" {
		return "", "", errors.New("secrets: " + c.name + ` is not JSON with the strings "clientId" and "clientSecret"`)
	}
	return v.ClientID, v.ClientSecret, nil
}
