@echo off
rem Opens the kit. PowerShell is part of Windows; Python is tried where PowerShell may not.
chcp 65001 >nul
title Migration data training kit
set "LAUNCHER=%~dp0launcher\"
set "POWERSHELL=%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"

if not exist "%LAUNCHER%settings.txt" goto not_whole
if not exist "%~dp0index.html" goto incomplete
if not exist "%POWERSHELL%" goto python
"%POWERSHELL%" -NoLogo -NoProfile -ExecutionPolicy Bypass -File "%LAUNCHER%serve.ps1"
if %ERRORLEVEL% EQU 0 exit /b 0
if %ERRORLEVEL% EQU 2 goto stay

:python
rem "python" alone may be a door to Microsoft's shop: ask it to do something first.
py -3 -c "import http.server" >nul 2>nul
if %ERRORLEVEL% NEQ 0 goto python_exe
py -3 "%LAUNCHER%serve.py"
if %ERRORLEVEL% EQU 0 exit /b 0
goto stay

:python_exe
python -c "import http.server" >nul 2>nul
if %ERRORLEVEL% NEQ 0 goto nothing
python "%LAUNCHER%serve.py"
if %ERRORLEVEL% EQU 0 exit /b 0
goto stay

:nothing
echo.
call :say nothing_windows
goto stay

:incomplete
echo.
call :say incomplete
goto stay

:not_whole
rem Without settings.txt there are no sentences in the language of the edition.
echo.
echo   This copy of the kit is not whole: copy the whole folder again.

:stay
echo.
pause
exit /b 1

:say
for /f "usebackq tokens=2,*" %%a in ("%LAUNCHER%settings.txt") do if "%%a"=="%~1" echo   %%b
exit /b 0
