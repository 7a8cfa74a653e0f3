"""comp"""
