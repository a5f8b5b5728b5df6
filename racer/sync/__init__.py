"""What subject code uses: threads, locks and variables that work controlled and free."""
