package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// Markdown is a Reporter in GitHub's Markdown: the same content as Text, with
// flat table headers (merged ones do not exist there) and one overhead table.
// Options.Width has no effect.
func Markdown(w io.Writer, f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", escape(a.headline()), escape(strings.Join(a.preamble(), " ")))
	for _, scenario := range a.scenarios {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", escape(a.title(scenario)), escape(a.samplesSentence(scenario)))
		markdownTable(&b, []string{"Type", "Cold start: Time (ms)", "Cold start: Memory (MB)", "Hot start: Time (ms)", "Hot start: Memory (MB)"}, 1, a.paperRows(scenario))
	}
	if len(a.overheads) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n", escape(a.marked("Overhead over "+Baseline)))
		var rows [][]string
		for _, o := range a.overheads {
			rows = append(rows, a.overheadRow(o))
		}
		markdownTable(&b, overheadHeader, 5, rows)
		fmt.Fprintf(&b, "\n%s\n", escape(a.legend(true)))
	}
	if rows, held := a.throttleRows(); held {
		header := []string{"Cell"}
		for _, v := range a.variants {
			header = append(header, label(v))
		}
		fmt.Fprintf(&b, "\n## %s\n\n", escape(a.marked("Throttled share of the total time (samples held back)")))
		markdownTable(&b, header, 1, rows)
	} else if rows != nil {
		b.WriteString("\nThrottled share: 0 % in every cell; the CPU quota held no invocation back.\n")
	}
	if notices := a.notices(); len(notices) > 0 {
		b.WriteString("\n## Notices\n\n")
		for _, n := range notices {
			fmt.Fprintf(&b, "- %s\n", escape(n))
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
