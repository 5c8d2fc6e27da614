package stack

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"trueup/infra/local/vlsc"
)

// vlscSecret is the secret with the credentials of the reference service.
const vlscSecret = "trueup/vlsc"

// tokenLife is how long a token of the reference service is valid.
const tokenLife = 10 * time.Minute

// newService makes the reference service and returns the value of its secret.
func (s *Stack) newService() (secret string) {
	clientID, clientSecret := "trueup", rand.Text()
	s.VLSC = vlsc.New(clientID, clientSecret, tokenLife, time.Now)
	value, _ := json.Marshal(map[string]string{"clientId": clientID, "clientSecret": clientSecret}) // strings
	return string(value)
}
