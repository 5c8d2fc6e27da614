package stack

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"trueup/infra/local/vlsc"
)

// vlscSecret is the name of the secret with the credentials of the reference server.
const vlscSecret = "trueup/vlsc"

// tokenLife is the validity of a token of the reference server.
const tokenLife = 10 * time.Minute

// newService creates the reference server and returns the value of its secret.
func (s *Stack) newService() (secret string) {
	clientID, clientSecret := "trueup", rand.Text()
	s.VLSC = vlsc.New(clientID, clientSecret, tokenLife, time.Now)
	value, _ := json.Marshal(map[string]string{"clientId": clientID, "clientSecret": clientSecret}) // a map of strings always marshals
	return string(value)
}
