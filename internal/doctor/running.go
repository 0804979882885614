// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/stepca"
)

// differ notes that ca.json and the running CA say different things.
func (e *examination) differ(format string, values ...any) {
	e.differences = append(e.differences, fmt.Sprintf(format, values...))
}

// compareCRL compares whether there is a CRL.
func (e *examination) compareCRL(published bool) {
	if e.directory == nil || e.directory.config.CRL.Enabled == published {
		return
	}
	if published {
		e.differ("the CA publishes a CRL, and ca.json does not enable it")
	} else {
		e.differ("ca.json enables the CRL, and the CA publishes none")
	}
}

// compareProvisioners compares the names of provisioners, unless they are in the
// database.
func (e *examination) compareProvisioners(running []stepca.Provisioner) {
	if e.directory == nil || e.directory.config.Authority.EnableAdmin {
		return
	}
	names := func(list []stepca.Provisioner) []string {
		var sorted []string
		for _, p := range list {
			sorted = append(sorted, p.Name)
		}
		slices.Sort(sorted)
		return sorted
	}
	if theirs, ours := names(running), names(e.directory.config.Authority.Provisioners); !slices.Equal(theirs, ours) {
		e.differ("the CA has the provisioners %q, and ca.json %q", theirs, ours)
	}
}

// reportDifferences says that the CA runs with another ca.json. A proxy may
// answer on another port, so that is only a warning, too.
func (e *examination) reportDifferences() {
	if e.directory == nil || e.client == nil {
		return
	}
	if u, err := url.Parse(e.cfg.CAURL); err == nil {
		if ours := e.directory.config.port(); ours != "" && ours != port(u) {
			e.differ("the CA answers on port %s, and ca.json says %s", port(u), ours)
		}
	}
	if len(e.differences) > 0 {
		e.report.add("directory.running", Warn, "the running CA differs from its ca.json: "+strings.Join(e.differences, "; "),
			advise("is this the directory of that CA? Then restart step-ca, which reads ca.json when it starts:", "systemctl restart step-ca"))
	}
}
