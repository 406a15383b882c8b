"""The sample was changed: how?"""
