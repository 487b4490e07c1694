package bounce

import (
	"encoding/json"
	"strings"

	"sigpost/message"
)

// notification is what Amazon SES tells a subscriber of, in JSON.
type notification struct {
	Type      string `json:"notificationType"`
	EventType string `json:"eventType"`
	Message   string // of the SNS around it
	Bounce    struct {
		Type       string `json:"bounceType"`
		SubType    string `json:"bounceSubType"`
		Recipients []struct {
			Email, Action, Status, DiagnosticCode string
			EmailAddress                          string
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Type       string                          `json:"complaintFeedbackType"`
		Recipients []struct{ EmailAddress string } `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Response   string   `json:"smtpResponse"`
	} `json:"delivery"`
	Mail struct {
		CommonHeaders struct {
			MessageID string `json:"messageId"`
		} `json:"commonHeaders"`
		MessageID string `json:"messageId"`
	} `json:"mail"`
}

// notifications reads JSON.
func notifications(m *mail) (found []finding) {
	if m.object == "" {
		return nil
	}
	var n notification
	// Sendmail breaks long lines so.
	m.object = strings.ReplaceAll(m.object, "!\n ", "")
	if json.NewDecoder(strings.NewReader(m.object)).Decode(&n) != nil {
		return nil
	}
	if n.Message != "" && n.Type == "" {
		inner := n.Message
		if json.Unmarshal([]byte(inner), &n) != nil {
			return nil
		}
	}
	m.returned = append(m.returned, message.Field{Name: "message-id", Value: firstOf(n.Mail.CommonHeaders.MessageID, n.Mail.MessageID)})
	for _, r := range n.Bounce.Recipients {
		f := finding{address: cleanAddress(r.EmailAddress), action: strings.ToLower(r.Action), status: statusCode(r.Status), context: n.Bounce.Type + " " + n.Bounce.SubType}
		f.kind, f.diagnosis = diagnosticCode(r.DiagnosticCode)
		found = append(found, f)
	}
	for _, r := range n.Complaint.Recipients {
		found = append(found, finding{address: cleanAddress(r.EmailAddress), class: Complaint, reason: feedback,
			feedback: firstOf(n.Complaint.Type, "abuse"), evidence: "complaintFeedbackType: " + n.Complaint.Type})
	}
	for _, to := range n.Delivery.Recipients {
		found = append(found, finding{address: cleanAddress(to), class: Delivered, reason: delivered, status: statusCode(n.Delivery.Response),
			diagnosis: n.Delivery.Response, evidence: n.Delivery.Response})
	}
	return found
}
