package subscribe

// Terms are what somebody agrees to who subscribes, word for word as it is shown
// to them and recorded.
func Terms(title string) string {
	return "Send me " + title + " by mail until I unsubscribe, which takes one click in any letter. " +
		"My address, my choices, and when and how I agreed are stored for that alone. What I open and click is not tracked."
}
