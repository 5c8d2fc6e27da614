package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/demo/year"
	"trueup/infra/local/stack"
	"trueup/internal/config"
)

// story is how Kingfisher got here in a year. Agencies joined, Microsoft 365 replaced Office 2016 and was short until licences
// were bought, as was SOLIDWORKS, and Visual Studio is short since a team grew.
func story() year.Story {
	s := year.Story{
		Installed: map[string]year.Curve{
			"":                                  {{365, 84}, {250, 90}, {180, 91}, {60, 98}, {0, 100}},
			"Microsoft 365 Apps for enterprise": {{365, 58}, {300, 60}, {150, 86}, {90, 90}, {0, 100}},
			"Office Professional Plus 2016":     {{365, 175}, {300, 170}, {150, 125}, {0, 100}},
			"Office Professional Plus 2019":     {{365, 220}, {120, 140}, {0, 100}},
			"Office Standard 2024":              {{121, 0}, {90, 60}, {0, 100}},
			"Visio Professional 2016":           {{365, 150}, {0, 100}},
			"Visual Studio Professional 2022":   {{365, 68}, {190, 75}, {170, 97}, {0, 100}},
			"SOLIDWORKS 2024":                   {{365, 50}, {245, 55}, {238, 82}, {0, 100}},
			"WinZip 27":                         {{365, 250}, {100, 240}, {80, 110}, {0, 100}},
		},
		Licences: map[string]year.Curve{
			"Microsoft 365 Apps for enterprise": {{365, 70}, {131, 70}, {130, 100}},
			"Office Professional Plus 2021":     {{365, 90}, {201, 90}, {200, 100}},
			"SOLIDWORKS 2024":                   {{365, 60}, {186, 60}, {185, 100}},
		},
		Agreements: map[string]int{"Berth planning": 225, "Screen capture": 48},
		Subscriptions: map[string]year.Subscription{
			"":                       {Used: year.Curve{{365, 88}, {0, 100}}},
			"Microsoft 365 E3":       {Quantity: year.Curve{{365, 90}, {240, 90}, {239, 100}}, Used: year.Curve{{365, 86}, {240, 91}, {0, 100}}},
			"Microsoft 365 E5":       {Quantity: year.Curve{{365, 62}, {161, 62}, {160, 100}}, Used: year.Curve{{365, 55}, {161, 61}, {100, 90}, {0, 100}}},
			"Microsoft 365 F3":       {Quantity: year.Curve{{365, 80}, {201, 80}, {200, 100}}, Used: year.Curve{{365, 72}, {200, 82}, {0, 100}}},
			"Power BI Pro":           {Quantity: year.Curve{{211, 0}, {210, 50}, {120, 50}, {119, 100}}, Used: year.Curve{{211, 0}, {209, 20}, {0, 100}}},
			"Power Automate Premium": {Quantity: year.Curve{{76, 0}, {75, 100}}, Used: year.Curve{{75, 0}, {0, 100}}},
			// Some were given up three weeks ago.
			"Project Plan 3": {Quantity: year.Curve{{365, 112.5}, {22, 112.5}, {21, 100}}, Used: year.Curve{{365, 80}, {60, 100}}},
			"Microsoft 365 Apps for enterprise (device)": {Quantity: year.Curve{{365, 111}, {22, 111}, {21, 100}}, Used: year.Curve{{365, 90}, {40, 100}}},
		},
	}
	for i := range joined {
		s.Agreements[fmt.Sprintf("Agency %02d", agencies-i)] = 60 + 35*i
	}
	return s
}

// joined is the number of agencies that joined during the year.
const joined = 9

// earlier makes up the reports of the year before today, and checks that the trend has them. It returns the first day.
func (c client) earlier(ctx context.Context, out io.Writer) (first string, err error) {
	answer, err := c.read(ctx, http.MethodGet, "/dev/table", nil, "")
	if err != nil {
		return "", err
	}
	address, table, found := strings.Cut(strings.TrimSpace(string(answer.body)), " ")
	if answer.status != http.StatusOK || !found {
		return "", errors.New("the local stack is of another version: start it again with make run")
	}
	settings, err := config.Load(config.Environment, config.RefreshTimeZone, config.ExpiringDays, config.RetentionDays)
	if err != nil {
		return "", err
	}
	made, begin, err := year.Open(dynamodb.NewClient(address), table, c.bucket(), stack.ReportsBucket, settings).Make(ctx, story())
	if err != nil {
		return "", err
	}
	first = string(begin)
	var trend struct {
		Points []struct {
			Date     string
			Products struct{ Shortfall int }
		}
	}
	if err := c.get(ctx, "/reports/trend?from="+first, &trend); err != nil {
		return "", err
	}
	all := trend.Points
	if len(all) <= made || all[0].Date != first {
		return "", fmt.Errorf("the trend from %s has %d days, and %d were made up", first, len(all), made)
	}
	oldest, newest := all[0], all[len(all)-1]
	fmt.Fprintf(out, "The reports of %d earlier days are made up, like the rest of Kingfisher. Missing licences: %d on %s, %d on %s.\n\n",
		made, oldest.Products.Shortfall, oldest.Date, newest.Products.Shortfall, newest.Date)
	return first, nil
}
