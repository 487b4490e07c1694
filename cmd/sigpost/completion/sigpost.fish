# Completion of sigpost's commands in fish: "sigpost completion fish" prints it.
function __sigpost_words
    set -l before (commandline -opc)
    set -l cur (commandline -ct)
    for line in ($before[1] complete-words words $before[2..-1] "$cur" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path "$cur"
            case ':dirs*'
                __fish_complete_directories "$cur"
            case '*'
                echo $line
        end
    end
end
complete -c sigpost -f -a '(__sigpost_words)'
