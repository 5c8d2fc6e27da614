// Package config is the settings of the functions: their names, their defaults
// and what is allowed. It is the only place that reads the environment.
package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Names of the environment variables.
const (
	Table             = "TRUEUP_TABLE"          // DynamoDB table
	UploadsBucket     = "TRUEUP_UPLOADS_BUCKET" // where admins put files
	ReportsBucket     = "TRUEUP_REPORTS_BUCKET" // reports about imports, snapshots
	PairMaxChars      = "PAIR_MAX_CHARS"        // longest both numbers of a pair together, 16 to 32 (R2.2)
	ExpiringDays      = "EXPIRING_DAYS"         // how many days before its end an agreement is expiring, 1 to 730 (R2.11)
	InventoryRequired = "INVENTORY_REQUIRED"    // whether agreements of type other wait for an inventory, true or false (R2.8)
	ImportLease       = "IMPORT_LEASE"          // how long a silent import keeps its place, 1s to 2m

	RefreshFunction   = "TRUEUP_REFRESH_FUNCTION"   // name of the function that refreshes licence data
	InventoryFunction = "TRUEUP_INVENTORY_FUNCTION" // name of the function that counts inventory
	RefreshTimeZone   = "REFRESH_TIME_ZONE"         // in which a night and a day are, such as Europe/Brussels (R7.1)
	VLSCEndpoint      = "VLSC_ENDPOINT"             // of the service that knows entitlements; empty for statements only (R7.4)
	VLSCTokenURL      = "VLSC_TOKEN_URL"            // where the service's tokens are
	VLSCSecret        = "VLSC_SECRET"               // name of the secret with the service's client ID and secret
)

// Config is a function's settings.
type Config struct {
	Table             string
	UploadsBucket     string
	ReportsBucket     string
	PairMaxChars      int
	ExpiringDays      int
	InventoryRequired bool
	ImportLease       time.Duration
	RefreshFunction   string
	InventoryFunction string
	RefreshTimeZone   *time.Location
	VLSC              VLSC
}

// VLSC is where the service is that knows entitlements; the zero VLSC when
// there is none, and statements are the source.
type VLSC struct{ Endpoint, TokenURL, Secret string }

// Environment is the lookup of the process's environment.
func Environment(name string) string { return os.Getenv(name) }

// Load reads the settings named, through lookup, and returns every mistake at
// once. A required setting (those without a default) must not be empty.
func Load(lookup func(string) string, names ...string) (Config, error) {
	c := Config{PairMaxChars: 16, ExpiringDays: 90, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC}
	var wrong []string
	for _, name := range names {
		value := strings.TrimSpace(lookup(name))
		switch name {
		case Table:
			c.Table = value
		case UploadsBucket:
			c.UploadsBucket = value
		case ReportsBucket:
			c.ReportsBucket = value
		case PairMaxChars:
			if value == "" {
				continue
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 16 || n > 32 {
				wrong = append(wrong, fmt.Sprintf("%s is %q; set a whole number from 16 to 32", name, value))
				continue
			}
			c.PairMaxChars = n
			continue
		case ExpiringDays:
			if value == "" {
				continue
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 730 {
				wrong = append(wrong, fmt.Sprintf("%s is %q; set a whole number from 1 to 730", name, value))
				continue
			}
			c.ExpiringDays = n
			continue
		case InventoryRequired:
			if value == "" {
				continue
			}
			if value != "true" && value != "false" {
				wrong = append(wrong, fmt.Sprintf("%s is %q; set true or false", name, value))
				continue
			}
			c.InventoryRequired = value == "true"
			continue
		case ImportLease:
			if value == "" {
				continue
			}
			d, err := time.ParseDuration(value)
			if err != nil || d < time.Second || d > 2*time.Minute {
				wrong = append(wrong, fmt.Sprintf("%s is %q; set a duration from 1s to 2m, such as 30s", name, value))
				continue
			}
			c.ImportLease = d
			continue
		case RefreshFunction:
			c.RefreshFunction = value
		case InventoryFunction:
			c.InventoryFunction = value
		case RefreshTimeZone:
			if value == "" {
				continue
			}
			zone, err := time.LoadLocation(value)
			if err != nil || value == "Local" {
				wrong = append(wrong, fmt.Sprintf("%s is %q; set the name of a time zone, such as Europe/Brussels", name, value))
				continue
			}
			c.RefreshTimeZone = zone
			continue
		case VLSCEndpoint:
			c.VLSC.Endpoint = value
			continue
		case VLSCTokenURL:
			c.VLSC.TokenURL = value
			continue
		case VLSCSecret:
			c.VLSC.Secret = value
			continue
		default:
			wrong = append(wrong, fmt.Sprintf("%s is not a setting", name))
			continue
		}
		if value == "" {
			wrong = append(wrong, fmt.Sprintf("%s is not set", name))
		}
	}
	if v := c.VLSC; v != (VLSC{}) && (v.Endpoint == "" || v.TokenURL == "" || v.Secret == "") {
		wrong = append(wrong, fmt.Sprintf("%s, %s and %s go together; set all three, or none for statements only", VLSCEndpoint, VLSCTokenURL, VLSCSecret))
	}
	if wrong != nil {
		return Config{}, fmt.Errorf("config: %s", strings.Join(wrong, "; "))
	}
	return c, nil
}
