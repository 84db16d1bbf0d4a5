"""What organisers see first: the figures of a petition, and the one thing that needs them.

Pages, the figures as CSV and the morning email use it. Begin with `attention`.
"""
