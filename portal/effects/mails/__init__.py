"""What mails there are, what each is about, and how it is written."""
