package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// Bounds of Lighthouse, as points below 100.
const (
	performanceBelow   = 5
	accessibilityBelow = 0
)

// lighthouses measures pages of the console with Lighthouse, as a phone. Without Chromium or Lighthouse the rows are left out.
func (b *bench) lighthouses(ctx context.Context) error {
	const folder = "internal/testkit/bench/lighthouse"
	if _, err := os.Stat(folder + "/node_modules/lighthouse"); err != nil {
		b.say("no rows of Lighthouse: it is not installed; make lighthouse installs it")
		return nil
	}
	if reason := noBrowser(); reason != "" {
		b.say("no rows of Lighthouse: %s", reason)
		return nil
	}
	e, err := b.engine(ctx, "lighthouse")
	if err != nil {
		return err
	}
	defer e.Stop()
	v, err := b.demonstrated(ctx, e, "lighthouse")
	if err != nil {
		return err
	}
	defer v.stack.Stop(time.Second)
	script := exec.CommandContext(ctx, "node", append([]string{folder + "/measure.mjs", v.stack.FrontURL, strconv.Itoa(b.size(5, 1))}, paintedPages...)...)
	script.Env, script.Stderr = append(os.Environ(), "TRUEUP_SESSION="+v.session.Name+"="+v.session.Value), os.Stderr
	out, err := script.Output()
	if err != nil {
		return fmt.Errorf("%s/measure.mjs: %w", folder, err)
	}
	var scores []struct {
		Page                       string
		Performance, Accessibility float64
	}
	if err := json.Unmarshal(out, &scores); err != nil {
		return err
	}
	for _, s := range scores {
		for _, score := range []struct {
			what      string
			got, most float64
		}{{"performance", s.Performance, performanceBelow}, {"accessibility", s.Accessibility, accessibilityBelow}} {
			b.table.add(row{
				what:  fmt.Sprintf("Lighthouse, as a phone, %s of %s", score.what, s.Page),
				value: fmt.Sprintf("%.0f", score.got), limits: []limit{{100 - score.got, score.most, " below 100"}},
			})
		}
	}
	return nil
}
