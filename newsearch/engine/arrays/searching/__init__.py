"""What is on the page, and why?"""
