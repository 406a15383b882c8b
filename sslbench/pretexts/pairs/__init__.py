"""Which of two kinds of field belong together?"""
