"""What stands around an article on the web. A menu, a link or a tag is a mention in passing: none of it earns a label."""

from __future__ import annotations

__all__ = ["ABOVE", "BELOW"]

ABOVE = (
    # cookie notice
    "We value your privacy\nWe and our 143 partners store information on your device, such as cookies, to measure audiences and to"
    " show advertisements. You can change your mind at any time in the privacy centre.\nAccept all | Reject all | Manage choices",
    # navigation, with a section on AI
    "Skip to content\nHome › News › Business › Technology › AI › Climate › Sport › Culture › Podcasts › Puzzles\nSearch  Sign in  Subscribe",
    # share bar
    "Share  ·  Facebook  ·  X  ·  LinkedIn  ·  WhatsApp  ·  Copy link  ·  Print  ·  Save for later (27 comments)",
    # byline
    "By STAFF REPORTER\nPublished 14 March, 6:02 a.m. · Updated 14 March, 11:47 a.m. · 4 min read · Listen to this article",
    # subscription wall
    "You have 1 free article left this month. Already a member? Log in. Not yet? Six weeks for €1, cancel whenever you like.",
    # notice of a shop or institution
    "Opening hours over the holidays: closed on 24, 25 and 26 December. Orders placed before noon are shipped the same day."
    " | Basket (0) | My account | English ▾",
)
BELOW = (
    # newsletter call
    "Get the best of the week in your inbox every Friday, before you have had your coffee. No spam, unsubscribe with one click.\n"
    "[ your e-mail ] [ Sign me up ]",
    # copyright line
    "© 2011–2025 Northgate Regional Media Ltd. All rights reserved. Registered in England no. 0418827. Reproduction only with written"
    " permission. Terms · Privacy · Accessibility · Modern slavery statement",
    # most read
    "MOST READ\n1  Swimming pool to reopen after eleven years\n2  The quiet town with too many geese\n3  What the new parking charges mean for"
    " you\n4  Obituary: Norah Tilling, 97, who taught half the county to dance",
    # comments
    "Comments are closed. We switch them on for three days after publication and a moderator reads each one, which is why yours may be"
    " slow to appear. Read our community rules before you report a remark.",
    # tags
    "Filed under: Opinion, Society, Work, Technology, Letters\n← Previous post     Next post →",
    # jobs and contact
    "About us | Advertise | Work with us | Press | Contact the newsroom | Send a correction\nFollow us on Mastodon, Instagram and RSS",
    # donation call
    "We have no owner and no paywall. If each person who reads this gave as much as a sandwich costs, we could pay two more reporters."
    " Give once · Give monthly",
)
