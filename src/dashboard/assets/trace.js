// The trace page.
