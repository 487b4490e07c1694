package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"sigpost/internal/metrics"
	"sigpost/internal/peertest"
)

const rulesFile = "../deploy/prometheus/sigpost.rules.yml"

// Each alert is about metrics that there are, by labels that they have, says what is the
// matter and what to do, and which part of the doctor looks into it.
func TestAlertRules(t *testing.T) {
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	doctor := DoctorGroups()
	seen := map[string]bool{}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] || !strings.HasPrefix(r.Alert, "Sigpost") || r.For == "" || !slices.Contains([]string{"info", "warning", "critical"}, r.Labels["severity"]) {
				t.Errorf("%s: %+v", r.Alert, r)
			}
			seen[r.Alert] = true
			if r.Annotations["summary"] == "" || len(r.Annotations["description"]) < 30 || !slices.Contains(doctor, r.Annotations["doctor"]) || r.Annotations["runbook"] != "docs/monitoring.md" {
				t.Errorf("%s does not say what to do: %v", r.Alert, r.Annotations)
			}
			if !strings.Contains(string(manual), "`"+r.Alert+"`") {
				t.Errorf("docs/monitoring.md does not have %s", r.Alert)
			}
			for _, name := range regexp.MustCompile(`sigpost_[a-z_]+`).FindAllString(r.Expr, -1) {
				if !slices.Contains(metrics.Names(), strings.TrimSuffix(name, "_bucket")) {
					t.Errorf("%s is about %s, which there is not", r.Alert, name)
				}
			}
			for _, label := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"]+r.Annotations["description"], -1) {
				if label[1] != "instance" && !strings.Contains(metrics.Table(), "`"+label[1]+"`") {
					t.Errorf("%s names the label %s", r.Alert, label[1])
				}
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("%d alerts", len(seen))
	}
}

// Prometheus itself takes the rules, and they fire when they should.
func TestAlertRulesInPrometheus(t *testing.T) {
	promtool := peertest.Need(t, "promtool (Prometheus)", "promtool")[0]
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"test", "rules", strings.Replace(rulesFile, ".rules.", ".test.", 1), filepath.Join(filepath.Dir(rulesFile), "backups.test.yml")}} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
