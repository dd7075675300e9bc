"""What a finished run is shown as: the page, the files for other tools, the story of one message. All of it from the message log."""
