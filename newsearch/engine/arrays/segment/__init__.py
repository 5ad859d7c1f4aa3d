"""What is in one segment?"""
