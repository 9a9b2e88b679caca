"""What the pages of the browser edition say: the scripts have no words of their own and get these as JSON."""

from migkit.reference import _


def old_browser() -> str:
    """What a browser that is too old shows instead of a blank page."""
    return _(
        "This browser is too old to run Python. Use Firefox 115, Chrome or Edge 109, Safari 16.4, or a newer one; "
        "the first three still exist for Windows 7."
    )


def opened_as_file() -> str:
    """What the page says when it was opened by a double click: browsers run no Python from there."""
    return _(
        "You opened this page as a file, and browsers run no Python from a file. Close it and look into the same "
        "folder: double-click “Start on Windows” or “Start on macOS”, on Linux run start_on_linux.sh."
    )


def loading() -> dict[str, str]:
    """What the loading screen of a notebook page says."""
    return {
        "title": _("The notebook is being opened"),
        "small": _("Python is starting; you can read already"),
        "about": _(
            "Python runs in this page. The first time it is fetched; later it comes from this browser's own store."
        ),
        "fetch": _("Fetch Python and its packages"),
        "page": _("Open the notebook"),
        "python": _("Start Python"),
        "kit": _("Load pandas, charts and the kit"),
        "left": _("{done} of {all} MB"),
        "seconds": _("about {n} seconds left"),
        "soon": _("nearly there; this computer takes a little longer"),
        "again": _("Try again"),
        "missing": _(
            "{file} could not be fetched: see that the stick is still in, or that the server still runs, "
            "then try again."
        ),
        "no_answer": _("it does not answer"),
        "broken": _("Python could not be started ({why}). Close other tabs to free memory, then try again."),
    }


def all_sentences() -> dict[str, str]:
    """Every sentence of the scripts by its name; words in braces are put in by the script."""
    return {**_frame(), **_path(), **_tests(), **_record(), **_work(), **_faults(), **_bar()}


def _frame() -> dict[str, str]:
    return {
        "site": _("Migration data training kit"),
        "undo": _("Undo"),
        "cancel": _("Cancel"),
        "close": _("Close"),
        "back_to_path": _("Back to the path"),
        "undone_reset": _("Your progress is back."),
        "undone_work": _("Your work is as it was before."),
        "undone_undo": _("The undo is taken back."),
        "nothing_to_undo": _("There is nothing to undo."),
    }


def _path() -> dict[str, str]:
    return {
        "begin": _("Begin: {step}"),
        "go_on": _("Go on where you stopped: {step}"),
        "all_done": _("All done. See your record"),
        "percent": _("{n} per cent done"),
        "checks": _("{n} of {all} checks passed"),
        "quiz_score": _("{n} of {all} right at the first try"),
        "quiz_so_far": _("{n} of {all} answered"),
        "test_open": _("{n} of {all} answered, not finished"),
        "test_score": _("{n} of {all} right"),
        "too_late": _("The answers have been told, so a test before makes no sense any more."),
        "reset_done": _("Progress in “{module}” was set back to nothing. Your notebooks are as they were."),
    }


def _tests() -> dict[str, str]:
    return {
        "quiz": _("Self-test"),
        "pre": _("Test before the module"),
        "post": _("Test after the module"),
        "quiz_intro": _(
            "{n} questions. Choose an answer and read what it says about it; then try again if you like. "
            "Your first try counts. Answers are kept in this browser as you go."
        ),
        "pre_intro": _(
            "{n} questions, about {minutes} minutes. It shows what you know already, so that you can see later "
            "what you have learned. Answers are not told now. Do not guess: choose “I do not know”."
        ),
        "post_intro": _(
            "{n} questions, about {minutes} minutes, the same ground as the test before. Do not guess: choose "
            "“I do not know”. When you finish, every answer is told and explained."
        ),
        "question": _("Question {n} of {all}"),
        "dont_know": _("I do not know"),
        "right": _("Right."),
        "wrong": _("Not quite. Try again."),
        "again": _("Start again"),
        "finish": _("Finish the test"),
        "open_left": _(
            "{n} of {all} questions are still open. You can finish all the same; an open one counts as “I do "
            "not know”."
        ),
        "finish_anyway": _("Finish all the same"),
        "pre_result": _(
            "Kept. You had {n} of {all} right. Answers are told after the test at the end: what you meet now, "
            "you will remember better."
        ),
        "post_result": _("You had {n} of {all} right."),
        "gain": _("Before the module {before} of {all}, after it {after} of {all}."),
        "gain_more": _("That is {n} more, a gain of {points} percentage points."),
        "gain_same": _("That is as many as before."),
        "gain_less": _("That is {n} fewer than before. Read the comments below, and the parts that they name."),
        "no_pre": _("You took no test before the module, so a gain cannot be told."),
        "outcome": _("Outcome"),
        "before": _("Before"),
        "after": _("After"),
        "change": _("Gain"),
        "all_questions": _("All questions"),
        "your_answer": _("Your answer"),
        "right_answer": _("Right answer"),
        "comments": _("The questions and what to say about each answer"),
        "see_record": _("See your record"),
        "where_to_look": _("Where to spend your time"),
        "no_such_test": _("There is no such test in this edition."),
    }


def _record() -> dict[str, str]:
    return {
        "record_title": _("Record of learning"),
        "not_certificate": _(
            "A record, not a certificate. It shows what was done in one browser; nobody has checked who did it."
        ),
        "name_label": _("Your name, for the paper only. It stays in this browser."),
        "print": _("Print, or save as PDF"),
        "record_of": _("Name"),
        "record_date": _("Date of this computer"),
        "record_edition": _("Edition"),
        "done_on": _("done {date}"),
        "not_done": _("not done"),
        "not_started": _("Nothing has been done in this module yet."),
        "step_column": _("Step"),
        "state_column": _("State"),
        "gain_title": _("Tests before and after, by outcome"),
        "synthetic": _("All data of the kit are synthetic."),
        "no_name": _("(no name given)"),
    }


def _work() -> dict[str, str]:
    return {
        "work_folder": _("my work"),
        "work_readme": _(
            "This file holds your work with the migration data training kit, browser edition.\n"
            "\n"
            "To have it back: open the kit in a browser, choose “My work”, then “Bring my work back”, and give "
            "it\n"
            "this file as it is. You need not unpack it.\n"
            "\n"
            "The notebooks inside are ordinary Jupyter notebooks. progress.json says which steps, checks and "
            "tests\n"
            "you have done; work.json says which file is which. All data of the kit are synthetic."
        ),
        "no_work": _("No notebook has been changed yet in this browser. What you change is kept here by itself."),
        "your_files": _("{n} files that you changed or added"),
        "one_file": _("One file that you changed or added"),
        "changed_at": _("changed {time}"),
        "hand_in_this": _("Hand in: save this exercise as a file"),
        "saved_file": _(
            "Saved as {name} (files: {n}). It lies where your browser puts downloads: copy it to a stick."
        ),
        "saved_exercise": _("Saved as {name}. Give this file to your trainer."),
        "plan_title": _("What this file brings back"),
        "plan_saved": _("Saved {time}."),
        "plan_other": _(
            "It was saved in the edition for {country}, and this is the one for {here}: its figures will differ."
        ),
        "plan_new": _("new"),
        "plan_replaced": _("takes the place of yours of {time}"),
        "plan_same": _("the same as here"),
        "plan_progress": _("Progress: {n} entries that are newer than here."),
        "plan_nothing": _("There is nothing in it that is not here already."),
        "plan_kept": _("What is here now is kept, and “Undo” brings it back. Close open notebooks first."),
        "bring_back": _("Bring back"),
        "brought_back": _("Your work is back (files: {n})."),
        "undo_work": _("Undo: put the files back as they were before"),
        "undo_reset": _("Undo: have the progress back that was set to nothing"),
        "undo_undo": _("Take the undo back: put everything as it was before it"),
    }


def _faults() -> dict[str, str]:
    return {
        "file_foreign": _(
            "This is no work file of the kit: choose the file called migration_kit_work_…zip. Nothing was changed."
        ),
        "file_cut": _(
            "The file is cut short: it was not copied to its end. Copy it again from where it was saved. "
            "Nothing was changed."
        ),
        "file_damaged": _("The file is damaged. Copy it again, or take an earlier one. Nothing was changed."),
        "file_newer": _(
            "The file was saved by a newer edition of the kit. Open it with that edition. Nothing was changed."
        ),
        "file_too_large": _("The file unpacks to {mb} MB, more than a browser can hold. Nothing was changed."),
        "too_little_room": _(
            "The browser has too little room for this work. Free space on the disk, then try again. Nothing was"
            " changed."
        ),
        "storage_refused": _(
            "This browser keeps nothing: private window, forbidden storage or full disk. Everything runs, but "
            "what "
            "you do is gone when you close the page. Save your work to a file before you close it."
        ),
        "no_edition": _(
            "The page could not read its own file kit/edition.json. Load it again; if that does not help, copy "
            "the folder anew."
        ),
    }


def _bar() -> dict[str, str]:
    return {
        "bar_label": _("The kit"),
        "home": _("Home"),
        "run_all": _("Run all"),
        "restart": _("Restart"),
        "save_work": _("Save to a file"),
        "hand_in": _("Hand in"),
        "saving": _("saving …"),
        "unsaved": _("not saved yet"),
        "saved_at": _("saved {time} in this browser"),
        "not_kept": _("not kept: save to a file"),
        "not_kept_here": _("not kept here"),
        "too_large": _(
            "A file of more than 20 MB is kept in the list of files, but Python in the page cannot read it."
        ),
        "files_failed": _("Python could not be given your own files. Reload the page to try again."),
        "save_failed": _("Could not save in this browser. Save your work to a file now, so that it is not lost."),
        "open_elsewhere": _("This notebook is open in another tab, and only that one saves."),
        "work_here": _("Work here instead"),
        "taken_over": _("You went on with this notebook in another tab. Nothing you type here is kept."),
        "work_replaced": _("Your work was brought back from a file. Load this page again to see it."),
        "reload": _("Load again"),
        "hand_in_title": _("Hand in this exercise"),
        "hand_in_name": _("Your name, or your number in the class. It becomes part of the file’s name."),
        "hand_in_go": _("Save the exercise as a file"),
        "no_notebook": _("No notebook is open."),
    }
