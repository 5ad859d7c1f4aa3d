"""What is an article, and how does a record become one?"""
