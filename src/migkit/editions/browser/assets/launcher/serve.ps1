# Opens the kit on Windows, with Windows PowerShell 5.1 or PowerShell 7: compiles serve.cs in memory and starts it.
# "Start on Windows.bat" runs this file. Exit codes: 0 closed by the user, 2 the user was told why, else not possible here.
param([switch]$NoBrowser)

$ErrorActionPreference = 'Stop'
$launcher = Split-Path -Parent $MyInvocation.MyCommand.Path
try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { }

try {
    $source = [IO.File]::ReadAllText((Join-Path $launcher 'serve.cs'))
    Add-Type -TypeDefinition $source -Language CSharp -IgnoreWarnings
    $server = New-Object Kit.Server (Split-Path -Parent $launcher)
} catch {
    # Some offices allow no new code in PowerShell. The launcher then tries Python.
    Write-Host ('  (PowerShell: ' + $_.Exception.Message + ')')
    exit 3
}

$wanted = $server.WantedPort
$usual = "http://localhost:$wanted/"
$state = $server.Start()
if ($state -eq 'no_port') {
    Write-Host ''
    Write-Host ('  ' + $server.Say('no_port', [string[]]@('first', "$wanted", 'last', "$($wanted + 19)")))
    exit 2
}
$address = $server.Address
Write-Host ''
if ($state -eq 'already') {
    Write-Host ('  ' + $server.Say('already', [string[]]@('address', $address)))
    if (-not $NoBrowser) { Start-Process $address }
    exit 0
}
Write-Host ('  ' + $server.Say('ready', [string[]]@('address', $address)))
if ($server.Port -ne $wanted) {
    Write-Host ''
    Write-Host ('  ' + $server.Say('other_port', [string[]]@('port', "$wanted", 'usual', $usual, 'address', $address)))
}
Write-Host ''
Write-Host ('  ' + $server.Say('stop', [string[]]@()))
if (-not $NoBrowser) {
    try { Start-Process $address } catch { }  # no browser is set: the address stands in the window
}
try {
    while ($true) { Start-Sleep -Milliseconds 300 }  # Ctrl+C ends a sleep; the server works in the background
} finally {
    $server.Stop()
    Write-Host ''
    Write-Host ('  ' + $server.Say('stopped', [string[]]@()))
}
