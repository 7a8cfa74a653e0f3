"""Figures in the house style: frames in, figures out."""
