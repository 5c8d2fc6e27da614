// Package secrets is Secrets Manager for the local stack. It implements GetSecretValue, the
// operation that functions use, for a fixed set of secrets. Signatures are not checked.
package secrets

import (
	"encoding/json"
	"io"
	"net/http"
)

const (
	target     = "secretsmanager.GetSecretValue"
	account    = "000000000000"
	maxRequest = 64 << 10
)

// Server serves the values of secrets. It implements http.Handler.
type Server struct {
	region  string
	secrets map[string]string
}

// New returns a server of the given secrets, by name.
func New(region string, secrets map[string]string) *Server { return &Server{region, secrets} }

// ServeHTTP implements http.Handler. The protocol is awsJson1_1, in which a header names
// the operation.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("X-Amz-Target") != target {
		refuse(w, "UnknownOperationException", "Only "+target+" is here.")
		return
	}
	var in struct {
		Secret  string `json:"SecretId"`
		Version string `json:"VersionId"`
		Stage   string `json:"VersionStage"`
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil || json.Unmarshal(body, &in) != nil || in.Secret == "" {
		refuse(w, "InvalidRequestException", "Name the secret as SecretId.")
		return
	}
	for name, value := range s.secrets {
		arn := "arn:aws:secretsmanager:" + s.region + ":" + account + ":secret:" + name + "-local0"
		if in.Secret != name && in.Secret != arn {
			continue
		}
		if in.Version != "" || in.Stage != "" && in.Stage != "AWSCURRENT" {
			break
		}
		answer(w, http.StatusOK, map[string]any{
			"ARN": arn, "Name": name, "SecretString": value, "VersionId": "current", "VersionStages": []string{"AWSCURRENT"},
		})
		return
	}
	refuse(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func refuse(w http.ResponseWriter, kind, message string) {
	answer(w, http.StatusBadRequest, map[string]any{"__type": kind, "message": message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has disconnected
}
