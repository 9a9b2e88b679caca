"""The browser edition: the whole kit as a folder of pages, with Python running in the page."""
