package sigpost

import "time"

// JobState is how a job stands that is done again and again, such as reading one
// mailbox: what the archive remembers of it between runs.
type JobState struct {
	Name string `json:"name"`
	// Run is the id of the run that did it last.
	Run string `json:"run,omitempty"`
	// Begun and Ended are of the last time; Ended is zero, or before Begun, while it
	// goes on, and where the program ended in the middle.
	Begun time.Time `json:"begun,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Succeeded and Failed are when it last ended well, and when it last did not.
	Succeeded time.Time `json:"succeeded,omitzero"`
	Failed    time.Time `json:"failed,omitzero"`
	// Failing is since when every attempt has failed; zero while it goes well.
	// Failure is what the last failure said, also when that is over.
	Failing time.Time `json:"failing,omitzero"`
	Failure string    `json:"failure,omitempty"`
	// Failures counts the attempts that failed since it last ended well.
	Failures int `json:"failures,omitempty"`
	// Took is how long it took the last time that it ended.
	Took time.Duration `json:"took_ns"`
}

// JobResult is how one attempt at a job ended.
type JobResult int

// The results. An attempt that was interrupted says nothing of the job.
const (
	JobDone JobResult = iota
	JobFailed
	JobInterrupted
)

// JobReport is what is recorded of one attempt at a job.
type JobReport struct {
	Name, Run string
	Begun     time.Time
	Ended     time.Time
	Took      time.Duration
	Result    JobResult
	Failure   string // of JobFailed, in words
}
