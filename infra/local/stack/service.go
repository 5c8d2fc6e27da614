package stack

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"trueup/infra/local/vlsc"
	"trueup/internal/config"
)

// vlscSecret is the name of the secret with the credentials of the reference server.
const vlscSecret = "trueup/vlsc"

// tokenLife is the validity of a token of the reference server.
const tokenLife = 10 * time.Minute

// newService creates the reference server, which will be at VLSCURL, and returns the value of its
// secret.
func (s *Stack) newService() (secret string) {
	clientID, clientSecret := "trueup", rand.Text()
	s.VLSC = vlsc.New(clientID, clientSecret, tokenLife, time.Now)
	s.service = map[string]string{
		config.VLSCEndpoint: s.VLSCURL + vlsc.BasePath, config.VLSCTokenURL: s.VLSCURL + vlsc.TokenPath, config.VLSCSecret: vlscSecret,
	}
	value, _ := json.Marshal(map[string]string{"clientId": clientID, "clientSecret": clientSecret}) // a map of strings always marshals
	return string(value)
}
